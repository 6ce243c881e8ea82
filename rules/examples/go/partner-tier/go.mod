module rulemint.example/partner-tier

go 1.27
