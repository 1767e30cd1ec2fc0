// An unmodified server. Says which worker answers.
const cluster = require('node:cluster');
const http = require('node:http');

http.createServer((_request, response) => response.end(String(cluster.worker.id))).listen(0, '127.0.0.1');
