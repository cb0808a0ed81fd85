-- More ways to find a customer by what a caller can say. One dialect for both databases, as in 0001.

-- The terms that the server writes for each new customer (`customer_changes::terms`), for those who are there already: the
-- end of a phone number (`p:0123:12025550123`), and an e-mail address by how its local part sounds and by its last letters
-- (`e:jnsnt:john.smith@example.com`, `f:mith:john.smith@example.com`), by the rules of
-- `domain/misheard.rs`.
insert into search_terms (tenant_id, kind, term, ref_id)
select tenant_id, 'customer', 'p:' || substr(phone_key, length(phone_key) - 3) || ':' || phone_key, id
from customers
where length(phone_key) > 3 and erased_at is null;

insert into search_terms (tenant_id, kind, term, ref_id)
select tenant_id, 'customer', 'f:' || substr(plain, case when length(plain) > 4 then length(plain) - 3 else 1 end) || ':' || email_key, id
from (select tenant_id, id, email_key, replace(replace(replace(replace(
          -- What stands before the sign: everything that is not the sign is cut off the end, and then the sign.
          replace(rtrim(email_key, replace(email_key, '@', '')), '@', ''),
          '.', ''), '_', ''), '-', ''), '+', '') as plain
      from customers
      where email_key is not null and erased_at is null) addresses;

insert into search_terms (tenant_id, kind, term, ref_id)
select tenant_id, 'customer', 'e:' ||
       replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
       plain, 'ph', 'f'), 'a', ''), 'e', ''), 'i', ''), 'o', ''), 'u', ''), 'y', ''),
       'h', ''), 'w', ''), 'c', 'k'), 'q', 'k'), 'g', 'k'), 'z', 's'), 'x', 'ks'),
       'v', 'f'), 'd', 't'), 'b', 'p'), 'm', 'n'), 'ff', 'f'), 'kk', 'k'), 'll', 'l'),
       'nn', 'n'), 'pp', 'p'), 'rr', 'r'), 'ss', 's'), 'tt', 't'), 'jj', 'j') || ':' || email_key, id
from (select tenant_id, id, email_key, replace(replace(replace(replace(
          replace(rtrim(email_key, replace(email_key, '@', '')), '@', ''),
          '.', ''), '_', ''), '-', ''), '+', '') as plain
      from customers
      where email_key is not null and erased_at is null) addresses;
