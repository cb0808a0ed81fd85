-- What a period brought is read from an index alone. One dialect for both databases, as in 0001.

drop index orders_by_day;
create index orders_by_day on orders (tenant_id, placed_on, status, subtotal_minor, discount_minor);
