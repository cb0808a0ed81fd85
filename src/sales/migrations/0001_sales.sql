-- What was sold on each day, counted once and kept.
-- The dialect is that of engine/migrations/0001_engine.sql.

-- Each day with orders has a row. It holds figures where `counted` equals `version`; every change of an order that
-- changes a figure raises the version of the order's day in the same transaction.
create table sales_days (
    tenant_id text collate "C" not null,
    day text collate "C" not null,
    version bigint not null,
    counted bigint not null,
    orders bigint not null,
    revenue_minor bigint not null,
    units bigint not null,
    returns bigint not null,
    -- JSON lists, the longest last, so that SQLite does not read what is not asked for.
    tiers text not null,
    categories text not null,
    products text not null,
    primary key (tenant_id, day)
);
create index sales_days_to_count on sales_days (day) where counted <> version;
