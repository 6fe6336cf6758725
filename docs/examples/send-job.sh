#!/bin/sh
# curl, HTTP. CHECKOUT_URL is the function app's address, CHECKOUT_KEY a function key.
set -eu

curl --fail-with-body --silent --show-error --max-time 60 "$CHECKOUT_URL/api/jobs" \
  --header "x-functions-key: $CHECKOUT_KEY" \
  --header 'content-type: application/json' \
  --data '{
    "customerId": "7c1f0a52-6d0e-4b7e-9a43-5e2f8b6f1d10",
    "cartId": "2f9a6c1e-1a77-4d0b-8f3c-90f5b1e4c704",
    "notBefore": "2026-11-24T01:00:00Z",
    "notAfter": "2099-11-24T06:00:00Z"
  }'
