// A client built on openid-client: discovery, authorization code with PKCE, id_token, userinfo, introspection, revocation.
//
// Usage: node walk.mjs <issuer> <client_id> <scope> <resource> [port], the client secret on standard input (empty for a public client).
// Prints the URL to open on its first line; when the browser comes back, a JSON report on its second.
import http from 'node:http'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import * as oidc from 'openid-client'

const [issuer, clientId, scope, resource, port = '0'] = process.argv.slice(2)
const secret = (await text(process.stdin)).trim()

const config = await oidc.discovery(
  new URL(issuer), clientId, secret || undefined,
  secret ? oidc.ClientSecretBasic(secret) : oidc.None(),
  { execute: [oidc.allowInsecureRequests] },
)
oidc.enableNonRepudiationChecks(config) // verify the id_token's signature against the JWKS

const server = http.createServer().listen(Number(port), '127.0.0.1')
await once(server, 'listening')
const redirectUri = `http://127.0.0.1:${server.address().port}/callback`
const verifier = oidc.randomPKCECodeVerifier()
const state = oidc.randomState()
const nonce = oidc.randomNonce()
const url = oidc.buildAuthorizationUrl(config, {
  redirect_uri: redirectUri, scope, resource, state, nonce,
  code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
})
console.log(url.href)

const [request, response] = await once(server, 'request')
response.end('<title>done</title>signed in')
const current = new URL(request.url, redirectUri)
const report = {}
try {
  const tokens = await oidc.authorizationCodeGrant(config, current, {
    pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true,
  })
  report.tokens = { ...tokens }
  report.claims = tokens.claims()
  report.userinfo = await oidc.fetchUserInfo(config, tokens.access_token, report.claims.sub)
  if (secret) {
    report.active = (await oidc.tokenIntrospection(config, tokens.access_token)).active
  }
} catch (error) {
  report.error = { name: error.name, code: error.code, error: error.error, description: error.error_description }
}
console.log(JSON.stringify(report))
server.close()
server.closeAllConnections()
