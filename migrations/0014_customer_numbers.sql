-- Customers by the number in their id. One dialect for both databases, as in 0001.

-- The digits of an id that is a number with at most a few letters in front: `10042` of `CUST-10042`.
-- Callers leave the letters out, and a new number must not sound like one that is there.
alter table customers add column id_number text collate "C";
update customers
set id_number = ltrim(upper(id), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ#-_./ ')
where ltrim(ltrim(upper(id), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ#-_./ '), '0123456789') = ''
  and ltrim(upper(id), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ#-_./ ') <> ''
  and length(id) - length(ltrim(upper(id), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ#-_./ ')) < 6;
create index customers_by_number on customers (tenant_id, id_number);
