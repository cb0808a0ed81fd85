-- What was handed over to a person. One dialect for both databases, as in 0001.

create table tickets (
    tenant_id text not null,
    id text not null,
    status text not null check (status in ('open', 'closed')),
    reason text not null,
    summary text not null,
    -- Whom and which order it is about, where that is known.
    customer_id text,
    order_id text,
    created_at timestamptz not null,
    -- The principal that asked for a person, in which conversation.
    created_by text not null,
    conversation text,
    -- When a colleague calls back; none where the business is never open.
    callback_from timestamptz,
    callback_to timestamptz,
    primary key (tenant_id, id)
);
create index tickets_by_status on tickets (tenant_id, status, created_at, id);
create index tickets_by_customer on tickets (tenant_id, customer_id, created_at, id);
