-- Grain: one row a currency and category that the month's lines, or last month's, have.
select
    currency,
    category,
    count(*) filter (where line.invoice_month = $invoice_month)::bigint                            as lines,
    coalesce(sum(amount) filter (where line.invoice_month = $invoice_month), 0)::decimal(38, 2)    as amount,
    sum(amount) filter (where line.invoice_month = $last_month)::decimal(38, 2)                    as last_amount
from invoice_line_items as line
join invoices using (invoice_id)
where line.invoice_month in ($invoice_month, $last_month)
group by currency, category
order by currency, array_position($categories, category);
