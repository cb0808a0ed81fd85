-- Returns and exchanges that were asked for: nothing moves until the goods have arrived. One dialect for
-- both databases, as in 0001.

create table order_requests (
    tenant_id text collate "C" not null,
    id text collate "C" not null,
    order_id text collate "C" not null,
    kind text collate "C" not null check (kind in ('return', 'exchange')),
    status text collate "C" not null check (status in ('open', 'settled')),
    -- Where a return's refund goes, where that was said; what an exchange's difference is settled with.
    payment_method_id text collate "C",
    -- What a return will refund, or what an exchange will cost more (below zero: less).
    amount_minor bigint not null,
    created_at timestamptz not null,
    settled_at timestamptz,
    -- What was refunded (below zero) or charged in the end.
    settled_minor bigint,
    primary key (tenant_id, id)
);
create index order_requests_by_order on order_requests (tenant_id, order_id);

create table order_request_items (
    tenant_id text collate "C" not null,
    request_id text collate "C" not null,
    line bigint not null,
    sku text collate "C" not null,
    quantity bigint not null check (quantity > 0),
    -- Exchanges only: what is sent instead, at the price that was told.
    new_sku text collate "C",
    new_unit_price_minor bigint check (new_unit_price_minor >= 0),
    -- How many of them have arrived, once the request is settled.
    received bigint check (received >= 0 and received <= quantity),
    primary key (tenant_id, request_id, line)
);

-- Why money moved: `sale`, `cancellation`, `item change`, `payment change`, `return`, `exchange`, `refund`.
-- None of what an import brought, where a refund is one. Only returns and refunds take from what was earned:
-- with the others the order itself costs something else, or money only changed places.
alter table payments add column reason text;
