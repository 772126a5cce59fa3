-- Grain: one row a currency that the month's invoices, or last month's, are in.
select
    currency,
    count(*) filter (where invoice_month = $invoice_month)::bigint                               as invoices,
    coalesce(sum(subtotal) filter (where invoice_month = $invoice_month), 0)::decimal(38, 2)     as subtotal,
    coalesce(sum(tax_total) filter (where invoice_month = $invoice_month), 0)::decimal(38, 2)    as tax_total,
    coalesce(sum(total) filter (where invoice_month = $invoice_month), 0)::decimal(38, 2)        as total,
    count(*) filter (where invoice_month = $last_month)::bigint                                  as last_invoices,
    sum(total) filter (where invoice_month = $last_month)::decimal(38, 2)                        as last_total
from invoices
where invoice_month in ($invoice_month, $last_month)
group by currency
order by invoices desc, currency;
