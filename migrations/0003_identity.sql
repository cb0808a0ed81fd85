-- Who has shown to be a customer. One dialect for both databases, as in 0001.

-- A caller who has shown to be a customer, for as long as that counts. `id` is the SHA-256 of the handle.
create table verifications (
    tenant_id text collate "C" not null,
    id text collate "C" not null,
    principal text collate "C" not null,
    -- The conversation that a header named; none where only the handle proves it.
    conversation text collate "C",
    customer_id text collate "C" not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (tenant_id, id)
);
create index verifications_by_conversation on verifications (tenant_id, principal, conversation, expires_at);
create index verifications_by_expiry on verifications (expires_at);

-- How often somebody has guessed, by caller and customer.
create table verification_tries (
    tenant_id text collate "C" not null,
    principal text collate "C" not null,
    customer_id text collate "C" not null,
    failures bigint not null check (failures >= 0),
    locked_until timestamptz,
    primary key (tenant_id, principal, customer_id)
);

-- The customer as whom a stored request was made, where its caller was verified.
alter table approvals add column verified_customer text collate "C";
