-- Asks rulemint whether a request may pass. It leaves the answer in the variables txn.rulemint_status (200, 401, 403, or 503
-- where nobody can say) and txn.rulemint_challenge, and the caller's identity in the request's headers.

-- Where `listen rulemint` of haproxy.cfg listens.
local RULEMINT = "abns@rulemint"

-- They stand in every 200. Without one of them the answer was not rulemint's.
local IDENTITY = {
    "x-auth-subject", "x-auth-client-id", "x-auth-audience", "x-auth-scope", "x-auth-token-id", "x-auth-expires",
}

-- Each Authorization header that there is: it is for rulemint to say that two are too many.
local function authorization(txn)
    local sent = {}
    local given = txn.http:req_get_headers()["authorization"] or {}
    for number = 0, #given do
        sent[#sent + 1] = given[number]
    end
    return sent
end

local function ask(txn, question)
    local headers = { ["authorization"] = authorization(txn) }
    local answer = core.httpclient():get({ url = "http://localhost" .. question, dst = RULEMINT, headers = headers })
    return answer or { status = 503, headers = {} }
end

local function said(answer, header)
    local values = answer.headers and answer.headers[header]
    return values and values[0]
end

local function let_through(txn, answer)
    for _, header in ipairs(IDENTITY) do
        local value = said(answer, header)
        if value == nil then
            return 503
        end
        txn.http:req_set_header(header, value)
    end
    return 200
end

core.register_action("rulemint", { "http-req" }, function(txn, question)
    local answer = ask(txn, question)
    local status = answer.status
    if status == 200 then
        status = let_through(txn, answer)
    elseif status ~= 401 and status ~= 403 then
        status = 503
    end
    txn:set_var("txn.rulemint_status", status)
    txn:set_var("txn.rulemint_challenge", said(answer, "www-authenticate") or "Bearer")
end, 1)
