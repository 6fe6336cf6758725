# PowerShell, HTTP. CHECKOUT_URL is the function app's address, CHECKOUT_KEY a function key.
$ErrorActionPreference = 'Stop'

$job = @'
{
  "customerId": "7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10",
  "cartId": "2f9a6c1e-1a77-4d0b-8f3c-90f5b1e4c706",
  "batchId": "night-2026-11-24"
}
'@

$request = @{
  Uri         = "$env:CHECKOUT_URL/api/jobs"
  Method      = 'Post'
  Headers     = @{ 'x-functions-key' = $env:CHECKOUT_KEY }
  ContentType = 'application/json'
  Body        = $job
}
# Any answer but 202 throws; its body says which field is wrong. Sending again is always safe.
(Invoke-RestMethod @request).jobs
