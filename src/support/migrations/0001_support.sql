-- What was handed over to a person.
-- The dialect is that of engine/migrations/0001_engine.sql.

create table tickets (
    tenant_id text collate "C" not null,
    id text collate "C" not null,
    status text collate "C" not null check (status in ('open', 'closed')),
    reason text not null,
    summary text not null,
    -- Whom and which order it is about, where that is known.
    customer_id text collate "C",
    order_id text collate "C",
    created_at timestamptz not null,
    -- The principal that asked for a person, in which conversation.
    created_by text collate "C" not null,
    conversation text collate "C",
    -- When a colleague calls back; none where the business is never open.
    callback_from timestamptz,
    callback_to timestamptz,
    primary key (tenant_id, id)
);
create index tickets_by_status on tickets (tenant_id, status, created_at, id);
create index tickets_by_customer on tickets (tenant_id, customer_id, created_at, id);
