-- Customers, and what was said with them.
-- The dialect is that of engine/migrations/0001_engine.sql.

create table customers (
    tenant_id text collate "C" not null,
    id text collate "C" not null,
    name text not null,
    email text,
    phone text,
    company text,
    tier text,
    address text,
    postal_code text,
    -- What look-ups compare: folded name, lower-cased e-mail, phone digits, postal code without spaces.
    name_key text collate "C" not null,
    email_key text collate "C",
    phone_key text collate "C",
    postal_key text collate "C",
    -- The digits of an id that is a number with at most a few letters in front: `10042` of `CUST-10042`. Callers leave
    -- the letters out, and a new number must not sound like one that is on file.
    id_number text collate "C",
    version bigint not null,
    created_at timestamptz not null,
    created_on text collate "C" not null,
    erased_at timestamptz,
    primary key (tenant_id, id)
);
create index customers_by_email on customers (tenant_id, email_key);
create index customers_by_phone on customers (tenant_id, phone_key);
create index customers_by_name on customers (tenant_id, name_key);
create index customers_by_number on customers (tenant_id, id_number);
create index customers_by_day on customers (tenant_id, created_on);

create table interactions (
    tenant_id text collate "C" not null,
    id text collate "C" not null,
    customer_id text collate "C" not null,
    kind text collate "C" not null,
    text text not null,
    at timestamptz not null,
    author text collate "C",
    order_id text collate "C",
    primary key (tenant_id, id)
);
create index interactions_by_customer on interactions (tenant_id, customer_id, at, id);
