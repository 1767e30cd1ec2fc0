import { fileURLToPath } from 'node:url';

const local = (file) => fileURLToPath(new URL(file, import.meta.url));

export const APP = local('../app.mjs');
export const CLUSTER_APP = local('../cluster-app.mjs');
export const BEHIND_PROXY = local('./run/behind-proxy.mjs');
export const IN_PM2 = local('./run/in-pm2.mjs');
