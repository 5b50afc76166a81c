/** Nodes of an etcd tree, as the v2 API returns them. */
export const leaf = (key: string, value: string) => ({key, value, modifiedIndex: 1});
export const tree = (...nodes: ReturnType<typeof leaf>[]) => ({key: '/', dir: true, modifiedIndex: 1, nodes});
