"""Training certifications: issue, renew, archive and prove them."""
