-- Grain: one row an account that the rerun differs for, greatest difference first, and one for all others.
with by_account as (
    select
        adjustments.account_id,
        coalesce(any_value(name), '')                                          as name,
        coalesce(any_value(currency), '')                                      as currency,
        sum(difference)                                                        as difference,
        coalesce(sum(difference) filter (where allowed), 0)                    as allowed_difference
    from adjustments
    left join invoices on invoices.invoice_id = disputed_invoice_id
    where rerun_id = $run_id
    group by adjustments.account_id
),
ranked as (
    select *, row_number() over (partition by currency order by abs(difference) desc, account_id) as place from by_account
)
select
    currency,
    least(place, $shown + 1)::bigint                  as place,
    case when place <= $shown then account_id end     as account_id,
    case when place <= $shown then name end           as name,
    count(*)::bigint                                  as accounts,
    sum(difference)::decimal(38, 2)                   as difference,
    sum(allowed_difference)::decimal(38, 2)           as allowed_difference
from ranked
group by all
order by currency, place;
