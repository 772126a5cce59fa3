-- Grain: one row a control and, where it is about money, a currency: the sums of both sides over all that was checked.
with subjects as (
    select account_id as about, true as is_account, currency from invoices where invoice_month = $invoice_month
    union all
    select invoice_id, false, currency from invoices where invoice_month = $invoice_month
),
checked as (
    select
        *,
        split_part(subject, ' ', 1)                      as about,
        list_contains($about_accounts, control)          as is_account
    from checked_controls
)
select
    control,
    currency,
    count(*)::bigint                                     as checked,
    count(*) filter (where difference <> 0)::bigint      as failed,
    sum(left_side)::decimal(38, 6)                       as left_side,
    sum(right_side)::decimal(38, 6)                      as right_side
from checked
left join subjects using (about, is_account)
group by control, currency
order by control, currency;
