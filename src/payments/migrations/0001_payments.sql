-- What customers pay with, the ledgers of gift cards and payments, and what the provider behind cards and wallets is
-- asked to do.
-- The dialect is that of engine/migrations/0001_engine.sql.

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
    -- Why money moved: `sale`, `cancellation`, `item change`, `payment change`, `return`, `exchange`, `refund`. None of
    -- what an import brought, where a refund is one. Only returns and refunds take from what was earned: with the
    -- others the order itself costs something else, or money only changed places.
    reason text,
    primary key (tenant_id, id)
);
create index payments_by_order on payments (tenant_id, order_id);
create index payments_by_day on payments (tenant_id, kind, at_day);

-- A queue. A row is written in the transaction of the ledger's row that it carries out, and has that
-- row's id, which is the idempotency key at the provider, too.
create table provider_calls (
    tenant_id text collate "C" not null,
    -- The payment's id, a uuid of version 7.
    id text collate "C" not null,
    order_id text collate "C" not null,
    customer_id text collate "C" not null,
    kind text collate "C" not null check (kind in ('charge', 'refund')),
    -- What is asked for. A refund asks for no more than the order's charges have brought.
    amount_minor bigint not null check (amount_minor >= 0),
    payment_method_id text collate "C" not null,
    state text collate "C" not null check (state in ('queued', 'leased', 'done', 'declined', 'failed')),
    -- How often a worker has taken it.
    attempts bigint not null,
    -- When a worker may take it: while it is leased, the end of the lease. None once it is over.
    next_attempt_at timestamptz,
    -- Whose turn it is; only they write down what came of it.
    lease text collate "C",
    provider_reference text collate "C",
    last_error text,
    -- When it was over.
    ended_at timestamptz,
    primary key (tenant_id, id)
);
-- Only what is open is in it, so it stays small.
create index provider_calls_open on provider_calls (next_attempt_at) where next_attempt_at is not null;
