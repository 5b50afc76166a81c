import {type Cluster, type ClusterNode, nodesWith} from './cluster.js';

/** The port of Jupyter itself, for a task whose health check names no other. */
const JUPYTER_PORT = 8888;

/** The notebook's task, and the address and port at which its container listens. */
export interface Notebook {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

/**
 * The target of the proxies: the first task with the image `jupyter`, else the task named `jupyter`, at the port of its health check. Undefined without
 * such a task: then no proxy runs.
 */
export function notebookOf({framework: {tasks}}: Pick<Cluster, 'framework'>): Notebook | undefined {
  const task = tasks.find(({image}) => image === 'jupyter') ?? tasks.find(({name}) => name === 'jupyter');
  return task && {name: task.name, address: task.address, port: task.healthCheck?.port ?? JUPYTER_PORT};
}

/** The nodes on which a proxy to the notebook runs. */
export function proxyNodes(cluster: Cluster): readonly ClusterNode[] {
  return notebookOf(cluster) ? nodesWith(cluster, 'proxy') : [];
}

/** The URL of the notebook through each proxy; none without a notebook. */
export function notebookUrls(cluster: Cluster): readonly string[] {
  return proxyNodes(cluster).map((node) => `http://${node.address}:${cluster.proxy.port}/`);
}
