-- The dialect is that of engine/migrations/0001_engine.sql.

-- What the sandbox was asked, where no real provider stands behind the cards. A key is one row.
create table sandbox_calls (
    tenant_id text collate "C" not null,
    key text collate "C" not null,
    order_id text collate "C" not null,
    customer_id text collate "C" not null,
    payment_method_id text collate "C" not null,
    kind text collate "C" not null check (kind in ('charge', 'refund')),
    amount_minor bigint not null,
    currency text collate "C" not null,
    -- Its name at the sandbox, where it was accepted; why not, where it was declined.
    reference text collate "C",
    reason text collate "C",
    -- How often it was asked with this key.
    asked bigint not null,
    at timestamptz not null,
    primary key (tenant_id, key)
);
