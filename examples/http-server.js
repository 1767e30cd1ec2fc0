// The same without TLS: evenkeel examples/http-server.js
import http from 'node:http';

http
  .createServer((_request, response) => response.end(`Hello from pid ${process.pid}\n`))
  .listen(Number(process.env.PORT ?? 8080));
