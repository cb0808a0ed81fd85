-- What is held of a SKU, and until when. One dialect for both databases, as in 0001.

-- What has ended no longer counts, although its row may still be there; each count of stock asks for it.
create index reservations_by_sku on reservations (tenant_id, sku, expires_at);
