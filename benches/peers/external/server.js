// http and https as their documentation has it.
const fs = require('fs');
const http = require('http');
const https = require('https');
const path = require('path');

const directory = process.argv[2];
const file = (name) => path.join(directory, name);

function answer(request, response) {
  if (request.url === '/large') {
    const { size } = fs.statSync(file('www/large'));
    response.writeHead(200, { 'Content-Length': size });
    fs.createReadStream(file('www/large')).pipe(response);
  } else {
    response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': 6 });
    response.end('hello\n');
  }
}

const tls = { cert: fs.readFileSync(file('cert.pem')), key: fs.readFileSync(file('key.pem')) };
const servers = [http.createServer(answer), https.createServer(tls, answer)];
for (const server of servers) {
  server.maxRequestsPerSocket = 0;
  server.keepAliveTimeout = 120000;
  server.headersTimeout = 120000;
}
const [plaintext, encrypted] = servers;
plaintext.listen(0, '127.0.0.1', () => {
  encrypted.listen(0, '127.0.0.1', () => {
    console.log(servers.map((each) => `127.0.0.1:${each.address().port}`).join(' '));
  });
});
