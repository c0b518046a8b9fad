/** What the request path asks of key ids: the account they carry, and whether they end. Their layout is the engine's. */
export { TEMPORARY, accountOfKeyId } from '#engines/iam-policy/access-key.ts'
