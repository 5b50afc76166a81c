import {type Cluster, type ClusterNode, nodesWith} from './cluster.js';

/** The port of Jupyter itself, for a task whose health check names no other. */
const JUPYTER_PORT = 8888;

/** Where a container listens that is worth a way in from outside. */
export interface Notebook {
  readonly address: string;
  readonly port: number;
}

/**
 * What the proxies lead to: the first task of the image `jupyter`, else one of that name with an image of its own, at the port that its health
 * check tries. Without such a task there is no notebook, and a proxy would lead nowhere.
 */
export function notebookOf({framework: {tasks}}: Pick<Cluster, 'framework'>): Notebook | undefined {
  const task = tasks.find(({image}) => image === 'jupyter') ?? tasks.find(({name}) => name === 'jupyter');
  return task && {address: task.address, port: task.healthCheck?.port ?? JUPYTER_PORT};
}

/** The nodes on which a proxy leads to the notebook. */
export function proxyNodes(cluster: Cluster): readonly ClusterNode[] {
  return notebookOf(cluster) ? nodesWith(cluster, 'proxy') : [];
}

/** The URL of the notebook through each proxy; none without a notebook. */
export function notebookUrls(cluster: Cluster): readonly string[] {
  return proxyNodes(cluster).map((node) => `http://${node.address}:${cluster.proxy.port}/`);
}
