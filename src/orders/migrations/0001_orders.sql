-- Quotes, orders and shipments; returns and exchanges that were asked for.
-- The dialect is that of engine/migrations/0001_engine.sql.

create table quotes (
    tenant_id text collate "C" not null,
    id text collate "C" not null,
    customer_id text collate "C" not null,
    items text not null,
    priced text not null,
    total_minor bigint not null,
    expires_at timestamptz not null,
    created_at timestamptz not null,
    primary key (tenant_id, id)
);

create table orders (
    tenant_id text collate "C" not null,
    id text collate "C" not null,
    -- The id as callers say it (letters and digits, upper case), turned around, so that "ends in 0042" is a prefix.
    id_tail text collate "C" not null,
    customer_id text collate "C" not null,
    status text collate "C" not null,
    placed_at timestamptz not null,
    -- The day in the tenant's zone on which it was placed.
    placed_on text collate "C" not null,
    subtotal_minor bigint not null,
    discount_minor bigint not null,
    tax_minor bigint not null,
    total_minor bigint not null,
    address text,
    note text,
    cancel_reason text,
    cancelled_at timestamptz,
    quote_id text collate "C",
    version bigint not null,
    primary key (tenant_id, id)
);
create index orders_by_tail on orders (tenant_id, id_tail);
create index orders_by_customer on orders (tenant_id, customer_id, placed_at, id);
create index orders_by_time on orders (tenant_id, placed_at, id);
create index orders_by_status on orders (tenant_id, status, placed_at, id);
-- What a period brought is read from this index alone.
create index orders_by_day on orders (tenant_id, placed_on, status, subtotal_minor, discount_minor);

create table order_items (
    tenant_id text collate "C" not null,
    order_id text collate "C" not null,
    line bigint not null,
    sku text collate "C" not null,
    quantity bigint not null check (quantity > 0),
    unit_price_minor bigint not null,
    discount_minor bigint not null,
    primary key (tenant_id, order_id, line)
);

create table shipments (
    tenant_id text collate "C" not null,
    order_id text collate "C" not null,
    tracking_number text collate "C" not null,
    carrier text,
    skus text not null,
    expected_on text collate "C",
    primary key (tenant_id, order_id, tracking_number)
);

-- Nothing moves until the goods have arrived.
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
