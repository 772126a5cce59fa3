-- Grain: one row a cause and currency: calls that differ by it, and what their cost differs by.
with costs as (
    select
        difference.cause,
        coalesce(currency, '')                               as currency,
        (difference.account_id, source, call_id)             as call,
        case when "column" = 'cost' then
            coalesce(try_cast(corrected_value as decimal(18, 6)), 0) - coalesce(try_cast(issued_value as decimal(18, 6)), 0)
        else 0 end                                           as cost_difference
    from rerun_call_differences as difference
    left join invoices
        on invoices.account_id = difference.account_id and invoices.invoice_month = $invoice_month
    where rerun_id = $run_id
)
select
    cause,
    currency,
    count(distinct call)::bigint                      as calls,
    sum(cost_difference)::decimal(38, 6)              as cost_difference
from costs
group by all
order by cause, currency;
