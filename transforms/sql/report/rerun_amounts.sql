-- Grain: one row a currency, category and whether it may be billed: what the rerun differs by, above tax.
with sums as (
    select
        coalesce(currency, '')                               as currency,
        base_category                                        as category,
        allowed,
        count(distinct adjustments.account_id)::bigint       as accounts,
        sum(issued_amount)::decimal(38, 2)                   as issued_amount,
        sum(corrected_amount)::decimal(38, 2)                as corrected_amount,
        sum(adjusted_before)::decimal(38, 2)                 as adjusted_before,
        sum(difference)::decimal(38, 2)                      as difference
    from adjustments
    left join invoices on invoices.invoice_id = disputed_invoice_id
    where rerun_id = $run_id
    group by all
)
select * from sums order by currency, array_position($categories, category), allowed;
