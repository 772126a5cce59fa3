-- Usage lines as published beside those of the calls rated again: minutes to 4 decimals, amounts rounded half up to
-- the cent once a line (rules 4.1, 9.3). Grain: one row a currency.
with
published as (
    select account_id, category, (quantity * 10000)::hugeint as quantity, (amount * 100)::hugeint as cents
    from invoice_line_items
    where category in ('toll_free', 'international', 'domestic_premium', 'overage', 'included_minutes')
),
again as (
    select
        account_id, category,
        (2 * charged_seconds * 10000 + 60) // 120 as quantity,
        (2 * cost_micros + 10000) // 20000 as cents
    from totals
    where charged_seconds <> 0 or cost_micros <> 0
),
side_by_side as (
    select
        account_id, published.cents as cents, again.cents as again_cents,
        (published.quantity, published.cents) is distinct from (again.quantity, again.cents) as is_differing
    from published full join again using (account_id, category)
)
select
    terms.currency,
    count(*)::bigint                                      as lines,
    count(*) filter (where is_differing)::bigint          as differing,
    coalesce(sum(cents), 0)::hugeint::varchar             as published_cents,
    coalesce(sum(again_cents), 0)::hugeint::varchar       as again_cents
from side_by_side join terms using (account_id)
group by terms.currency
order by terms.currency
