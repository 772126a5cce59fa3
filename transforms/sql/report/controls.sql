-- Grain: one row a control and, where it is about money, a currency: the sums of both sides over all that was checked.
select
    control,
    invoices.currency,
    count(*)::bigint                                     as checked,
    count(*) filter (where difference <> 0)::bigint      as failed,
    sum(left_side)::decimal(38, 6)                       as left_side,
    sum(right_side)::decimal(38, 6)                      as right_side
from checked_controls
left join invoices
    on invoices.invoice_month = $invoice_month
    and split_part(subject, ' ', 1)
    = case when list_contains($about_accounts, control) then invoices.account_id else invoices.invoice_id end
group by all
order by control, currency;
