-- The business: tenants, customers, products and stock, orders and payments.
--
-- One dialect for SQLite and Postgres: text, bigint, boolean and timestamptz only, no defaults that read a clock.
-- Every table is a tenant's, and its key begins with the tenant. Money is in minor units. JSON is kept as text,
-- because its key order is part of what was said.

create table tenants (
    id text collate "C" not null primary key,
    name text not null,
    currency text not null,
    time_zone text not null,
    created_at timestamptz not null
);

-- The next business number of each kind (`ORD-10042`).
create table counters (
    tenant_id text collate "C" not null,
    name text collate "C" not null,
    value bigint not null,
    primary key (tenant_id, name)
);

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
    version bigint not null,
    created_at timestamptz not null,
    created_on text collate "C" not null,
    erased_at timestamptz,
    primary key (tenant_id, id)
);
create index customers_by_email on customers (tenant_id, email_key);
create index customers_by_phone on customers (tenant_id, phone_key);
create index customers_by_name on customers (tenant_id, name_key);
create index customers_by_day on customers (tenant_id, created_on);

-- Words and sounds by which customers and products are found: `w:lopez`, `s:LPS`.
create table search_terms (
    tenant_id text collate "C" not null,
    kind text collate "C" not null,
    term text collate "C" not null,
    ref_id text collate "C" not null,
    primary key (tenant_id, kind, term, ref_id)
);
create index search_terms_by_ref on search_terms (tenant_id, kind, ref_id);

create table payment_methods (
    tenant_id text collate "C" not null,
    customer_id text collate "C" not null,
    id text collate "C" not null,
    kind text collate "C" not null check (kind in ('card', 'wallet', 'gift_card')),
    brand text,
    last4 text,
    -- Gift cards only; always the sum of the card's entries in `gift_card_entries`.
    balance_minor bigint check (balance_minor >= 0),
    primary key (tenant_id, customer_id, id)
);

create table gift_card_entries (
    tenant_id text collate "C" not null,
    id text collate "C" not null,
    customer_id text collate "C" not null,
    payment_method_id text collate "C" not null,
    amount_minor bigint not null,
    reason text not null,
    cause text collate "C",
    at timestamptz not null,
    primary key (tenant_id, id)
);
create index gift_card_entries_by_card on gift_card_entries (tenant_id, customer_id, payment_method_id);

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
    primary key (tenant_id, id)
);
create index reservations_by_holder on reservations (tenant_id, holder);
create index reservations_by_expiry on reservations (expires_at);

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
create index orders_by_day on orders (tenant_id, placed_on);
create index orders_by_status on orders (tenant_id, status, placed_at, id);

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

-- A ledger: charges and refunds, never changed. Refunds never exceed charges.
create table payments (
    tenant_id text collate "C" not null,
    id text collate "C" not null,
    order_id text collate "C" not null,
    kind text collate "C" not null check (kind in ('charge', 'refund')),
    amount_minor bigint not null check (amount_minor >= 0),
    payment_method_id text collate "C" not null,
    at timestamptz not null,
    at_day text collate "C" not null,
    primary key (tenant_id, id)
);
create index payments_by_order on payments (tenant_id, order_id);
create index payments_by_day on payments (tenant_id, kind, at_day);

create table shipments (
    tenant_id text collate "C" not null,
    order_id text collate "C" not null,
    tracking_number text collate "C" not null,
    carrier text,
    skus text not null,
    expected_on text collate "C",
    primary key (tenant_id, order_id, tracking_number)
);

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

-- Which import wrote what, so that the same file can be imported again without doubling anything.
create table imported_files (
    tenant_id text collate "C" not null,
    name text collate "C" not null,
    digest text collate "C" not null,
    records bigint not null,
    at timestamptz not null,
    primary key (tenant_id, name, digest)
);
