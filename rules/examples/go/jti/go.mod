module rulemint.example/jti

go 1.27
