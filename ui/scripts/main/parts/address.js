// The address that apps are given.

/** Of the bridge's status, which names the place it listens at. */
export function mcpAddress({ url }) {
  return `${url}/mcp`;
}
