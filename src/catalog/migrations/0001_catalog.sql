-- Products, their variants, and their stock.
-- The dialect is that of engine/migrations/0001_engine.sql.

create table products (
    tenant_id text collate "C" not null,
    id text collate "C" not null,
    name text not null,
    category text,
    description text,
    image_url text,
    name_key text collate "C" not null,
    category_key text collate "C",
    primary key (tenant_id, id)
);
create index products_by_name on products (tenant_id, name_key, id);
create index products_by_category on products (tenant_id, category_key, name_key, id);

create table variants (
    tenant_id text collate "C" not null,
    sku text collate "C" not null,
    product_id text collate "C" not null,
    -- The SKU as callers say it: upper case, letters and digits only.
    sku_key text collate "C" not null,
    options text not null,
    price_minor bigint not null check (price_minor >= 0),
    reorder_point bigint not null,
    active boolean not null,
    version bigint not null,
    primary key (tenant_id, sku)
);
create index variants_by_product on variants (tenant_id, product_id, sku);
create index variants_by_sku_key on variants (tenant_id, sku_key);

-- `on_hand` is always the sum of the movements, `reserved` the sum of the held reservations.
create table stock (
    tenant_id text collate "C" not null,
    sku text collate "C" not null,
    location text collate "C" not null,
    on_hand bigint not null check (on_hand >= 0),
    reserved bigint not null check (reserved >= 0),
    check (reserved <= on_hand),
    primary key (tenant_id, sku, location)
);

create table stock_movements (
    tenant_id text collate "C" not null,
    id text collate "C" not null,
    sku text collate "C" not null,
    location text collate "C" not null,
    delta bigint not null,
    reason text not null,
    -- What caused it: an order's id, an approval's id, an import.
    cause text collate "C",
    actor text collate "C" not null,
    at timestamptz not null,
    primary key (tenant_id, id)
);
create index stock_movements_by_sku on stock_movements (tenant_id, sku, location);
create index stock_movements_by_cause on stock_movements (tenant_id, cause);

create table reservations (
    tenant_id text collate "C" not null,
    id text collate "C" not null,
    sku text collate "C" not null,
    location text collate "C" not null,
    quantity bigint not null check (quantity > 0),
    -- Who holds it: `approval:ID`.
    holder text collate "C" not null,
    expires_at timestamptz not null,
    -- The principal and the conversation that reserved it, and draw on it without naming it.
    reserved_by text collate "C",
    -- Where a request that waits holds pieces of a reservation: whose they are again when it ends, and until when.
    lent_by text collate "C",
    lent_until timestamptz,
    primary key (tenant_id, id)
);
create index reservations_by_holder on reservations (tenant_id, holder);
create index reservations_by_expiry on reservations (expires_at);
-- What has ended no longer counts, although its row may still be there; each count of stock asks for it.
create index reservations_by_sku on reservations (tenant_id, sku, expires_at);
