-- The business: tenants, customers, products and stock, orders and payments.
--
-- One dialect for SQLite and Postgres: text, bigint, boolean and timestamptz only, no defaults that read a clock.
-- Every table is a tenant's, and its key begins with the tenant. Money is in minor units. JSON is kept as text,
-- because its key order is part of what was said.

create table tenants (
    id text not null primary key,
    name text not null,
    currency text not null,
    time_zone text not null,
    created_at timestamptz not null
);

-- The next business number of each kind (`ORD-10042`).
create table counters (
    tenant_id text not null,
    name text not null,
    value bigint not null,
    primary key (tenant_id, name)
);

create table customers (
    tenant_id text not null,
    id text not null,
    name text not null,
    email text,
    phone text,
    company text,
    tier text,
    address text,
    postal_code text,
    -- What look-ups compare: folded name, lower-cased e-mail, phone digits, postal code without spaces.
    name_key text not null,
    email_key text,
    phone_key text,
    postal_key text,
    version bigint not null,
    created_at timestamptz not null,
    created_on text not null,
    erased_at timestamptz,
    primary key (tenant_id, id)
);
create index customers_by_email on customers (tenant_id, email_key);
create index customers_by_phone on customers (tenant_id, phone_key);
create index customers_by_name on customers (tenant_id, name_key);
create index customers_by_day on customers (tenant_id, created_on);

-- Words and sounds by which customers and products are found: `w:lopez`, `s:LPS`.
create table search_terms (
    tenant_id text not null,
    kind text not null,
    term text not null,
    ref_id text not null,
    primary key (tenant_id, kind, term, ref_id)
);
create index search_terms_by_ref on search_terms (tenant_id, kind, ref_id);

create table payment_methods (
    tenant_id text not null,
    customer_id text not null,
    id text not null,
    kind text not null check (kind in ('card', 'wallet', 'gift_card')),
    brand text,
    last4 text,
    -- Gift cards only; always the sum of the card's entries in `gift_card_entries`.
    balance_minor bigint check (balance_minor >= 0),
    primary key (tenant_id, customer_id, id)
);

create table gift_card_entries (
    tenant_id text not null,
    id text not null,
    customer_id text not null,
    payment_method_id text not null,
    amount_minor bigint not null,
    reason text not null,
    cause text,
    at timestamptz not null,
    primary key (tenant_id, id)
);
create index gift_card_entries_by_card on gift_card_entries (tenant_id, customer_id, payment_method_id);

create table products (
    tenant_id text not null,
    id text not null,
    name text not null,
    category text,
    description text,
    image_url text,
    name_key text not null,
    category_key text,
    primary key (tenant_id, id)
);
create index products_by_name on products (tenant_id, name_key, id);
create index products_by_category on products (tenant_id, category_key, name_key, id);

create table variants (
    tenant_id text not null,
    sku text not null,
    product_id text not null,
    -- The SKU as callers say it: upper case, letters and digits only.
    sku_key text not null,
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
    tenant_id text not null,
    sku text not null,
    location text not null,
    on_hand bigint not null check (on_hand >= 0),
    reserved bigint not null check (reserved >= 0),
    check (reserved <= on_hand),
    primary key (tenant_id, sku, location)
);

create table stock_movements (
    tenant_id text not null,
    id text not null,
    sku text not null,
    location text not null,
    delta bigint not null,
    reason text not null,
    -- What caused it: an order's id, an approval's id, an import.
    cause text,
    actor text not null,
    at timestamptz not null,
    primary key (tenant_id, id)
);
create index stock_movements_by_sku on stock_movements (tenant_id, sku, location);
create index stock_movements_by_cause on stock_movements (tenant_id, cause);

create table reservations (
    tenant_id text not null,
    id text not null,
    sku text not null,
    location text not null,
    quantity bigint not null check (quantity > 0),
    -- Who holds it: `approval:ID`.
    holder text not null,
    expires_at timestamptz not null,
    primary key (tenant_id, id)
);
create index reservations_by_holder on reservations (tenant_id, holder);
create index reservations_by_expiry on reservations (expires_at);

create table quotes (
    tenant_id text not null,
    id text not null,
    customer_id text not null,
    items text not null,
    priced text not null,
    total_minor bigint not null,
    expires_at timestamptz not null,
    created_at timestamptz not null,
    primary key (tenant_id, id)
);

create table orders (
    tenant_id text not null,
    id text not null,
    -- The id as callers say it (letters and digits, upper case), turned around, so that "ends in 0042" is a prefix.
    id_tail text not null,
    customer_id text not null,
    status text not null,
    placed_at timestamptz not null,
    -- The day in the tenant's zone on which it was placed.
    placed_on text not null,
    subtotal_minor bigint not null,
    discount_minor bigint not null,
    tax_minor bigint not null,
    total_minor bigint not null,
    address text,
    note text,
    cancel_reason text,
    cancelled_at timestamptz,
    quote_id text,
    version bigint not null,
    primary key (tenant_id, id)
);
create index orders_by_tail on orders (tenant_id, id_tail);
create index orders_by_customer on orders (tenant_id, customer_id, placed_at, id);
create index orders_by_time on orders (tenant_id, placed_at, id);
create index orders_by_day on orders (tenant_id, placed_on);
create index orders_by_status on orders (tenant_id, status, placed_at, id);

create table order_items (
    tenant_id text not null,
    order_id text not null,
    line bigint not null,
    sku text not null,
    quantity bigint not null check (quantity > 0),
    unit_price_minor bigint not null,
    discount_minor bigint not null,
    primary key (tenant_id, order_id, line)
);

-- A ledger: charges and refunds, never changed. Refunds never exceed charges.
create table payments (
    tenant_id text not null,
    id text not null,
    order_id text not null,
    kind text not null check (kind in ('charge', 'refund')),
    amount_minor bigint not null check (amount_minor >= 0),
    payment_method_id text not null,
    at timestamptz not null,
    at_day text not null,
    primary key (tenant_id, id)
);
create index payments_by_order on payments (tenant_id, order_id);
create index payments_by_day on payments (tenant_id, kind, at_day);

create table shipments (
    tenant_id text not null,
    order_id text not null,
    tracking_number text not null,
    carrier text,
    skus text not null,
    expected_on text,
    primary key (tenant_id, order_id, tracking_number)
);

create table interactions (
    tenant_id text not null,
    id text not null,
    customer_id text not null,
    kind text not null,
    text text not null,
    at timestamptz not null,
    author text,
    order_id text,
    primary key (tenant_id, id)
);
create index interactions_by_customer on interactions (tenant_id, customer_id, at, id);

-- Which import wrote what, so that the same file can be imported again without doubling anything.
create table imported_files (
    tenant_id text not null,
    name text not null,
    digest text not null,
    records bigint not null,
    at timestamptz not null,
    primary key (tenant_id, name, digest)
);
