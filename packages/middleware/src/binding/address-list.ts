import { BlockList, isIP } from 'node:net';
import { ConfigurationError } from '../errors.ts';

/**
 * Returns a function that tests whether an address is in a list of addresses and networks (`10.0.0.0/8`, `::1`).
 *
 * @throws ConfigurationError for an entry that is neither.
 */
export function addressList(option: string, entries: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', prefix, ...more] = entry.split('/');
    const [family, maxBits] = isIP(address) === 6 ? (['ipv6', 128] as const) : (['ipv4', 32] as const);
    const bits = Number(prefix ?? maxBits);
    if (more.length > 0 || isIP(address) === 0 || !/^\d{1,3}$/.test(prefix ?? '0') || bits > maxBits) {
      throw new ConfigurationError(option, 'expected IP addresses and networks such as 10.0.0.0/8');
    }
    list.addSubnet(address, bits, family);
  }
  return (address) => {
    // A socket for both families shows IPv4 peers in this form.
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
    return isIP(plain) !== 0 && list.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
  };
}
