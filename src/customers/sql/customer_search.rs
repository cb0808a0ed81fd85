//! Customers by part of a name, of an address or of a number. Indexed ranges only, and a bounded
//! number of rows, however many customers there are.

use super::customers::Match;
use business_mcp_engine::db::{
    StoreResult, TENANT, Tx, params, record,
    text_range::{TextRange, prefix_range},
};
use business_mcp_engine::speech::{name, phone};

/// How many customers one search looks at more closely.
pub const MOST_FOUND: usize = 100;

/// Words that begin like this many letters are looked for; shorter ones must be whole.
const SHORTEST_BEGINNING: usize = 3;

/// How a word of a name may be found: as it is written, and by up to two sounds.
#[derive(Debug, Clone, Default)]
pub struct WordSpans {
    /// As it is written, or begins.
    pub written: TextRange,
    /// As it sounds.
    pub sounds: [String; 2],
}

impl WordSpans {
    /// The first three words of what was said, and how each may be found.
    pub fn of(said: &str) -> [Self; 3] {
        let mut words = name::words(said).into_iter();
        std::array::from_fn(|_| words.next().map(|word| Self::word(&word)).unwrap_or_default())
    }

    fn word(word: &str) -> Self {
        let mut sounds = name::sound_keys(word).into_iter().map(|key| format!("s:{key}"));
        let sounds = std::array::from_fn(|_| sounds.next().unwrap_or_default());
        let long = word.chars().count() >= SHORTEST_BEGINNING;
        let term = format!("w:{word}");
        Self { written: if long { prefix_range(term) } else { TextRange::only(term) }, sounds }
    }
}

record! {
    /// A customer who was found.
    #[derive(Debug, Clone)]
    pub struct Hit {
        /// The customer's id.
        pub id: String,
        /// The full name.
        pub name: String,
        /// The firm they buy for.
        pub company: Option<String>,
        /// How they are valued.
        pub tier: Option<String>,
        /// The e-mail address.
        pub email: Option<String>,
        /// The phone number, in E.164.
        pub phone: Option<String>,
        /// The address, as JSON.
        pub address: Option<String>,
        /// How many of the words fit.
        pub words: i64,
    }
}

/// The term under which phone numbers with this end are kept, and the end as `like` has it; neither
/// where there are fewer than four digits.
fn ending(phone_end: &str) -> (TextRange, String) {
    if phone_end.len() < 4 {
        return (TextRange::default(), String::new());
    }
    (prefix_range(format!("p:{}:", phone::last4(phone_end))), format!("%{phone_end}"))
}

/// Customers with one of these ids, or an e-mail address or phone digits in a range, or with a phone
/// number that ends so.
pub async fn by_key(
    tx: &mut Tx,
    ids: &[String; 5],
    email: &TextRange,
    phone: &TextRange,
    phone_end: &str,
    tier: Option<&str>,
) -> StoreResult<Vec<Hit>> {
    let [first, second, third, fourth, fifth] = ids;
    let (kept, end) = ending(phone_end);
    tx.fetch_all(
        "select id, name, company, tier, email, phone, address, cast(1 as bigint) as words
         from customers
         where tenant_id = $1
           and id in (
               select id
               from customers
               where tenant_id = $1 and id in ($2, $3, $4, $5, $6)
               union
               select id
               from customers
               where tenant_id = $1 and email_key >= $7 and email_key <= $8
               union
               select id
               from customers
               where tenant_id = $1 and phone_key >= $9 and phone_key <= $10
               union
               select ref_id
               from search_terms
               where tenant_id = $1 and kind = 'customer' and term >= $12 and term <= $13
                 and term like $14)
           and ($11 is null or tier = $11)
           and erased_at is null
         order by created_at, id
         limit 100",
        params![
            TENANT,
            first,
            second,
            third,
            fourth,
            fifth,
            &email.low,
            &email.high,
            &phone.low,
            &phone.high,
            tier,
            &kept.low,
            &kept.high,
            &end
        ],
    )
    .await
}

record! {
    /// An e-mail address that somebody has, as it is kept for what it may be heard as.
    #[derive(Debug, Clone)]
    pub struct Kept {
        /// The term, with the address at its end.
        pub term: String,
        /// Whose it is.
        pub ref_id: String,
    }
}

/// Addresses whose terms are in one of two ranges, up to a thousand of each.
pub async fn addresses(
    tx: &mut Tx,
    by_sound: &TextRange,
    by_end: &TextRange,
) -> StoreResult<Vec<Kept>> {
    tx.fetch_all_long(
        "select term, ref_id
         from (select term, ref_id
               from search_terms
               where tenant_id = $1 and kind = 'customer' and term >= $2 and term <= $3
               order by term
               limit 1000) by_sound
         union all
         select term, ref_id
         from (select term, ref_id
               from search_terms
               where tenant_id = $1 and kind = 'customer' and term >= $4 and term <= $5
               order by term
               limit 1000) by_end",
        params![TENANT, &by_sound.low, &by_sound.high, &by_end.low, &by_end.high],
    )
    .await
}

/// Up to ten customers whose phone number ends so, with four digits or more.
pub async fn by_phone_end(tx: &mut Tx, phone_end: &str) -> StoreResult<Vec<Match>> {
    let (kept, end) = ending(phone_end);
    tx.fetch_all(
        "select id, name, company, tier, address, created_at, email_key, phone_key, postal_key,
                cast(null as text) as order_id
         from customers
         where tenant_id = $1
           and id in (
               select ref_id
               from search_terms
               where tenant_id = $1 and kind = 'customer' and term >= $2 and term <= $3
                 and term like $4)
           and erased_at is null
         order by created_at, id
         limit 10",
        params![TENANT, &kept.low, &kept.high, &end],
    )
    .await
}

/// Customers of whose name or company one of these words is or sounds like a part: those with most
/// of the words first, and of them those who are written so.
pub async fn by_words(
    tx: &mut Tx,
    words: &[WordSpans; 3],
    tier: Option<&str>,
) -> StoreResult<Vec<Hit>> {
    let [first, second, third] = words;
    tx.fetch_all(
        "with spans (first, second, third, written, low, high) as (
             values (1, 0, 0, 1, $2, $3), (1, 0, 0, 0, $4, $4), (1, 0, 0, 0, $5, $5),
                    (0, 1, 0, 1, $6, $7), (0, 1, 0, 0, $8, $8), (0, 1, 0, 0, $9, $9),
                    (0, 0, 1, 1, $10, $11), (0, 0, 1, 0, $12, $12), (0, 0, 1, 0, $13, $13)
         ),
         heard as (
             select t.ref_id, s.first, s.second, s.third, s.written
             from spans s
             cross join search_terms t
             where t.tenant_id = $1 and t.kind = 'customer' and t.term >= s.low and t.term <= s.high
             limit 20000
         ),
         best as (
             select h.ref_id, max(h.first) + max(h.second) + max(h.third) as words,
                    sum(h.written) as written
             from heard h
             group by h.ref_id
             having $14 is null
                 or exists (select 1
                            from customers c
                            where c.tenant_id = $1 and c.id = h.ref_id and c.tier = $14)
             order by words desc, written desc, h.ref_id
             limit 100
         )
         select c.id, c.name, c.company, c.tier, c.email, c.phone, c.address,
                cast(b.words as bigint) as words
         from best b
         cross join customers c
         where c.tenant_id = $1 and c.id = b.ref_id and c.erased_at is null
         order by b.words desc, c.id",
        params![
            TENANT,
            &first.written.low,
            &first.written.high,
            &first.sounds[0],
            &first.sounds[1],
            &second.written.low,
            &second.written.high,
            &second.sounds[0],
            &second.sounds[1],
            &third.written.low,
            &third.written.high,
            &third.sounds[0],
            &third.sounds[1],
            tier
        ],
    )
    .await
}
