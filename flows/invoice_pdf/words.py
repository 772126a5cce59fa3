"""What stands on an invoice in words, in both languages."""

from __future__ import annotations

from typing import NamedTuple

from schemas.categories import Language


class Words(NamedTuple):
    """The fixed texts of an invoice; `{...}` are filled in."""

    carrier: str
    invoice: str
    continued: str
    bill_to: str
    account: str
    invoice_id: str
    issue_date: str
    due_date: str
    service_period: str
    usage_period: str
    amount_due: str
    due_by: str
    nothing_due: str
    credit: str
    credit_note: str
    charge: str
    period: str
    quantity: str
    unit_price: str
    amount: str
    subtotal: str
    tax_base: str
    tax_total: str
    no_tax: str
    exempt: str
    total: str
    group: str
    reference: str
    references: str
    payment: str
    pay_by: str
    autopay: str
    no_payment: str
    dispute: str
    dispute_until: str
    write_to: str
    talk_to: str
    carrier_itself: str
    call_details: str
    details_file: str
    no_details: str
    phone: str
    page: str


WORDS: dict[Language, Words] = {
    "en": Words(
        carrier="Your telephone company",
        invoice="Invoice",
        continued="continued",
        bill_to="Bill to",
        account="Account",
        invoice_id="Invoice number",
        issue_date="Invoice date",
        due_date="Due date",
        service_period="Service period",
        usage_period="Usage period",
        amount_due="Amount due",
        due_by="Please pay by {date}",
        nothing_due="Nothing is due on this invoice",
        credit="Credit in your favor",
        credit_note="Nothing is due on this invoice",
        charge="Charges",
        period="Period",
        quantity="Quantity",
        unit_price="Unit price",
        amount="Amount ({currency})",
        subtotal="Subtotal",
        tax_base="{percent} of the subtotal, {place}",
        tax_total="Total taxes",
        no_tax="Taxes",
        exempt="Tax exempt on the invoice date",
        total="Total",
        group="{category} – {group}",
        reference="Corrects invoice {invoice}. Reference: {reference}",
        references="Corrects invoice {invoice}. References: {reference}",
        payment="Payment",
        pay_by="Due {date}.",
        autopay="With automatic payment the amount is taken on {date}.",
        no_payment="Nothing has to be paid.",
        dispute="Questions or a dispute",
        dispute_until="You can dispute this invoice up to and including {date} (UTC).",
        write_to="Write to {contact} and name invoice {invoice} and the charges or calls in question.",
        talk_to="Contact {contact} and name invoice {invoice} and the charges or calls in question.",
        carrier_itself="your telephone company",
        call_details="Call details",
        details_file=(
            "The calls of {month} that are charged for are listed one by one in your billed call details, "
            "file {file}. Their costs add up to the usage charges above."
        ),
        no_details="No call of {month} is charged for, so there are no billed call details.",
        phone="Tel. {number}",
        page="Page {page} of {pages}",
    ),
    "fr": Words(
        carrier="Votre compagnie de téléphone",
        invoice="Facture",
        continued="suite",
        bill_to="Facturé à",
        account="Compte",
        invoice_id="Numéro de facture",
        issue_date="Date de facturation",
        due_date="Date d’échéance",
        service_period="Période de service",
        usage_period="Période d’utilisation",
        amount_due="Montant à payer",
        due_by="À payer au plus tard le {date}",
        nothing_due="Cette facture ne demande aucun paiement",
        credit="Crédit en votre faveur",
        credit_note="Cette facture ne demande aucun paiement",
        charge="Frais",
        period="Période",
        quantity="Quantité",
        unit_price="Prix unitaire",
        amount="Montant ({currency})",
        subtotal="Sous-total",
        tax_base="{percent} du sous-total, {place}",
        tax_total="Total des taxes",
        no_tax="Taxes",
        exempt="Exonéré de taxes à la date de facturation",
        total="Total",
        group="{category} – {group}",
        reference="Corrige la facture {invoice}. Référence : {reference}",
        references="Corrige la facture {invoice}. Références : {reference}",
        payment="Paiement",
        pay_by="Échéance : {date}.",
        autopay="En cas de paiement automatique, le montant est prélevé le {date}.",
        no_payment="Aucun paiement n’est requis.",
        dispute="Questions ou contestation",
        dispute_until="Vous pouvez contester cette facture jusqu’au {date} inclus (UTC).",
        write_to="Écrivez à {contact} en indiquant la facture {invoice} et les frais ou les appels en cause.",
        talk_to="Communiquez avec {contact} en indiquant la facture {invoice} et les frais ou les appels en cause.",
        carrier_itself="votre compagnie de téléphone",
        call_details="Détail des appels",
        details_file=(
            "Les appels facturés de {month} figurent un à un dans votre détail des appels facturés, "
            "fichier {file}. La somme de leurs coûts correspond aux frais d’utilisation ci-dessus."
        ),
        no_details="Aucun appel de {month} n’est facturé ; il n’y a donc pas de détail des appels facturés.",
        phone="Tél. {number}",
        page="Page {page} de {pages}",
    ),
}
UNITS: dict[Language, dict[str, tuple[str, str]]] = {
    "en": {"minute": ("min", "min"), "device": ("device", "devices")},
    "fr": {"minute": ("min", "min"), "device": ("appareil", "appareils")},
}
"""Units that are shown behind a quantity, for one and for several; others go without saying."""
