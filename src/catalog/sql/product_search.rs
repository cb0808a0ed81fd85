//! Finding products: by words, or all of them by name, a page at a time.

use chrono::{DateTime, Utc};

use super::stock::available;
use business_mcp_engine::db::{
    StoreResult, TENANT, Tx, params, record,
    text_range::{TextRange, prefix_range},
};

/// How many words of a search count.
pub const MOST_WORDS: usize = 4;
/// How many options of a search count.
pub const MOST_OPTIONS: usize = 3;

record! {
    /// A variant on a page of products. All variants of a product follow each other.
    #[derive(Debug, Clone)]
    pub struct ListedRow {
        /// The product's id.
        pub id: String,
        /// Its name.
        pub name: String,
        /// The shelf it stands on.
        pub category: Option<String>,
        /// The name as it is compared.
        pub name_key: String,
        /// How well it matches; 0 is best.
        pub rank: i64,
        /// How many products match from this page on; they are counted to 1,050.
        pub matches: i64,
        /// The variant's SKU.
        pub sku: String,
        /// The options as a JSON object of texts.
        pub options: String,
        /// What one piece costs.
        pub price_minor: i64,
        /// Pieces that nobody holds, at all locations.
        pub available: i64,
    }
}

/// Which products, and where their page begins.
#[derive(Debug, Clone, Copy)]
pub struct Filter<'a> {
    /// The category as it is compared.
    pub category: Option<&'a str>,
    /// Patterns that the options of a variant are like.
    pub options: [Option<&'a str>; MOST_OPTIONS],
    /// Only what is there.
    pub in_stock: bool,
    /// When stock is counted.
    pub now: DateTime<Utc>,
    /// Rank, name and id of the last product of the page before.
    pub after: (i64, &'a str, &'a str),
    /// How many products.
    pub limit: i64,
}

/// The pattern of one option, in any case: `%"color":"red"%`.
pub fn option_pattern(name: &str, value: &str) -> String {
    let json = serde_json::Value::from;
    let pair = format!("{}:{}", json(name), json(value)).to_lowercase();
    let mut pattern = String::with_capacity(pair.len() + 2);
    pattern.push('%');
    for c in pair.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// Whether a product `c` is sold in a variant of the wanted options; parameters 3 to 6, and the one
/// that says when it is.
macro_rules! is_sold {
    ($now:literal) => {
        concat!(
        r"exists (select 1
                  from variants v
                  where v.tenant_id = $1 and v.product_id = c.id and v.active
                    and ($3 is null or lower(v.options) like $3 escape '\')
                    and ($4 is null or lower(v.options) like $4 escape '\')
                    and ($5 is null or lower(v.options) like $5 escape '\')
                    and (not $6 or exists (select 1
                                           from stock s
                                           where s.tenant_id = $1 and s.sku = v.sku
                                             and (s.on_hand > s.reserved
                                                  or exists (select 1
                                                             from reservations r
                                                             where r.tenant_id = $1 and r.sku = v.sku
                                                               and r.expires_at <= ", $now, "))))) "
        )
    };
}

/// The variants of the first products of `counted`; parameters 1 to 7, and the one that says when
/// it is.
macro_rules! page_of_counted {
    ($now:literal) => {
        concat!(
            r",
        page as (
            select c.id, c.name, c.category, c.name_key, c.rank,
                   (select count(*) from counted) as matches
            from counted c
            order by c.rank, c.name_key, c.id
            limit $7
        ),
        listed as (
            select p.id, p.name, p.category, p.name_key, p.rank, p.matches,
                   v.sku, v.options, v.price_minor,
                   ",
            available!($now),
            r" as available
            from page p
            cross join variants v
            where v.tenant_id = $1 and v.product_id = p.id and v.active
              and ($3 is null or lower(v.options) like $3 escape '\')
              and ($4 is null or lower(v.options) like $4 escape '\')
              and ($5 is null or lower(v.options) like $5 escape '\')
        )
        select id, name, category, name_key, rank, matches, sku, options, price_minor, available
        from listed
        where not $6 or available > 0
        order by rank, name_key, id, sku"
        )
    };
}

/// Products that are sold, by name.
pub async fn browse(tx: &mut Tx, filter: Filter<'_>) -> StoreResult<Vec<ListedRow>> {
    let [first, second, third] = filter.options;
    let (_, name_key, id) = filter.after;
    tx.fetch_all(
        concat!(
            "with counted as (
                 select c.id, c.name, c.category, c.name_key, cast(0 as bigint) as rank
                 from products c
                 where c.tenant_id = $1 and ($2 is null or c.category_key = $2)
                   and (c.name_key, c.id) > ($8, $9)
                   and ",
            is_sold!("$10"),
            "    order by c.name_key, c.id
                 limit 1050
             )",
            page_of_counted!("$10")
        ),
        params![
            TENANT,
            filter.category,
            first,
            second,
            third,
            filter.in_stock,
            filter.limit,
            name_key,
            id,
            filter.now,
        ],
    )
    .await
}

/// Products that are sold and have all of these words, or words that begin with them, best first;
/// or a variant whose SKU is said like `sku_key`. Words are folded, each once, at most
/// [`MOST_WORDS`].
pub async fn search(
    tx: &mut Tx,
    words: &[String],
    sku_key: &str,
    filter: Filter<'_>,
) -> StoreResult<Vec<ListedRow>> {
    let [first, second, third] = filter.options;
    let (rank, name_key, id) = filter.after;
    let phrase = words.join(" ");
    let count = i64::try_from(words.len().min(MOST_WORDS)).unwrap_or_default();
    // No term is in the empty range that stands for a word that is missing.
    let range =
        |n| words.get(n).map_or_else(TextRange::default, |w| prefix_range(format!("w:{w}")));
    let [a, b, c, d]: [TextRange; MOST_WORDS] = std::array::from_fn(range);
    tx.fetch_all(
        concat!(
            "with wanted (low, high) as (
                 values ($13, $14), ($15, $16), ($17, $18), ($19, $20)
             ),
             found (id) as (
                 select t.ref_id
                 from wanted w
                 cross join search_terms t
                 where t.tenant_id = $1 and t.kind = 'product'
                   and t.term >= w.low and t.term <= w.high
                 group by t.ref_id
                 having count(distinct w.low) = $12
                 union
                 select v.product_id
                 from variants v
                 where v.tenant_id = $1 and v.sku_key = $21
             ),
             ranked as (
                 select p.id, p.name, p.category, p.name_key,
                        cast(case when p.name_key = $11 then 0
                                  when p.name_key like $11 || '%' then 1
                                  when p.name_key like '%' || $11 || '%' then 2
                                  else 3 end as bigint) as rank
                 from found f
                 cross join products p
                 where p.tenant_id = $1 and p.id = f.id
                   and ($2 is null or p.category_key = $2)
             ),
             counted as (
                 select c.id, c.name, c.category, c.name_key, c.rank
                 from ranked c
                 where (c.rank, c.name_key, c.id) > ($8, $9, $10)
                   and ",
            is_sold!("$22"),
            "    order by c.rank, c.name_key, c.id
                 limit 1050
             )",
            page_of_counted!("$22")
        ),
        params![
            TENANT,
            filter.category,
            first,
            second,
            third,
            filter.in_stock,
            filter.limit,
            rank,
            name_key,
            id,
            &phrase,
            count,
            &a.low,
            &a.high,
            &b.low,
            &b.high,
            &c.low,
            &c.high,
            &d.low,
            &d.high,
            (!sku_key.is_empty()).then_some(sku_key),
            filter.now,
        ],
    )
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_takes_nothing_for_a_wildcard() {
        assert_eq!(option_pattern("Color", "Red"), r#"%"color":"red"%"#);
        assert_eq!(option_pattern("fill", "50%_\""), r#"%"fill":"50\%\_\\""%"#);
    }
}
