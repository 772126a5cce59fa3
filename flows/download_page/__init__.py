"""The page on which a customer downloads billed call details and invoices: `tollbook serve`."""
