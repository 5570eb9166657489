/**
 * Win32 error codes that Windows gateways put into N(MS_STATUS), in words that help more than Windows's own. Codes without an entry
 * are shown as numbers.
 */
export const windowsErrors: ReadonlyMap<number, string> = new Map([
  [87, 'a parameter is not one that it takes'],
  [691, 'wrong user name or password, or a login method that it does not allow'],
  [812, 'its policy does not allow this user or this login method'],
  [13_801, 'it does not accept the credentials: name, key usage, chain or store of a certificate'],
  [13_805, 'the negotiation took too long'],
  [13_806, 'it found no certificate that it could use'],
  [13_807, 'the SA was deleted'],
  [13_816, 'an error that it has no name for; often the two sides differ in the key exchange'],
  [13_817, 'it could not check whether a certificate is revoked'],
  [13_818, 'a certificate is not for this use'],
  [13_819, 'a certificate is of a wrong kind'],
  [13_822, 'the key exchange failed'],
  [13_823, 'it does not know a payload that must be understood'],
  [13_824, 'the header of a message was wrong'],
  [13_825, 'it has no policy for this client'],
  [13_826, 'a signature was wrong'],
  [13_843, 'a payload was wrong'],
  [13_861, 'a policy was wrong'],
  [13_863, 'the SA is not in a state for this, as in rekeys behind a NAT'],
  [13_864, 'the key exchange failed'],
  [13_865, 'it does not take the key exchange group'],
  [13_868, 'no proposal of this client is one of its policy'],
  [13_873, 'it does not take the encryption algorithm'],
  [13_874, 'it does not take the integrity algorithm'],
  [13_887, 'the chain of a certificate is not what its policy wants'],
  [13_891, 'it is shutting down'],
]);
