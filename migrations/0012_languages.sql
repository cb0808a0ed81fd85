-- What is said to a tenant, and by its tools, is said in its language. One dialect for both databases, as in 0001.

-- A tag of BCP 47, such as `en-US`; null is the language of the business file.
alter table tenants add column language text;
