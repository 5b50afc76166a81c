/** Parses a hardware address in any usual spelling into the kernel's; undefined when it is none. */
export function parseMac(text: string): string | undefined {
  const lower = text.toLowerCase().replaceAll('-', ':');
  return /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(lower) ? lower : undefined;
}

/** Whether it is a broadcast or multicast address (the lowest bit of the first byte), which no frame can come from. */
export function isGroupMac(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;
}
