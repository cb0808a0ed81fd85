-- Whose business a request is, and for whom an answer was made. One dialect for both databases, as in 0001.

-- The customer whom the request is about; empty where it is about somebody who is not known, and null where it
-- is about nobody, such as a correction of stock.
alter table approvals add column customer_id text collate "C";
update approvals set customer_id = coalesce(verified_customer, '');

-- The customer as whom the call was made, where its caller was verified. Its answer is for nobody else.
alter table idempotency_keys add column customer_id text collate "C";
