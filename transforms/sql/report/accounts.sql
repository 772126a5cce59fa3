-- Grain: one row an account with one of the greatest totals of its currency, and one for all others (account_id NULL).
with ranked as (
    select
        invoices.account_id,
        invoices.name,
        invoices.currency,
        invoices.total,
        before.total                                                                                    as last_total,
        row_number() over (partition by invoices.currency order by invoices.total desc, invoices.account_id) as place
    from invoices
    left join invoices as before
        on before.account_id = invoices.account_id
        and before.currency = invoices.currency
        and before.invoice_month = $last_month
    where invoices.invoice_month = $invoice_month
)
select
    currency,
    least(place, $shown + 1)::bigint                  as place,
    case when place <= $shown then account_id end     as account_id,
    case when place <= $shown then name end           as name,
    count(*)::bigint                                  as accounts,
    sum(total)::decimal(38, 2)                        as total,
    sum(last_total)::decimal(38, 2)                   as last_total
from ranked
group by all
order by currency, place;
