import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * One request by a Java client: Client http|websocket|connection URL.
 *
 * Prints what the client's user gets to see: an answer that is handed over as its
 * status and body, an exception with its causes. What an exception carries beside
 * that follows behind "kept: ". Exits with 0 if the request was served, with 1 if
 * not. The CA to trust is the file that ONEPORT_CA names, the client certificate,
 * if any, is in ONEPORT_P12.
 */
public class Client {
    static final String WORD = "the same word";

    public static void main(String[] arguments) throws Exception {
        SSLContext tls = tls();
        URI uri = URI.create(arguments[1]);
        boolean served;
        String[] kept = {""};
        try {
            served = switch (arguments[0]) {
                case "connection" -> connect(tls, uri, kept);
                case "websocket" -> echo(HttpClient.newBuilder().sslContext(tls).build(), uri, kept);
                default -> get(HttpClient.newBuilder().sslContext(tls).build(), uri);
            };
        } catch (Exception error) {
            for (Throwable cause = error; cause != null; cause = cause.getCause()) {
                System.out.println(cause);
            }
            System.out.println(kept[0]);
            served = false;
        }
        // The client's own threads would keep the process.
        System.exit(served ? 0 : 1);
    }

    static boolean get(HttpClient client, URI uri) throws Exception {
        // Without a timeout it waits for ever where a TLS alert follows the handshake.
        var request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(10)).build();
        var answer = client.send(request, BodyHandlers.ofString());
        System.out.println(answer.version() + " " + answer.statusCode() + " " + answer.body());
        return answer.statusCode() == 200;
    }

    static boolean connect(SSLContext tls, URI uri, String[] kept) throws Exception {
        var connection = (HttpURLConnection) uri.toURL().openConnection();
        if (connection instanceof HttpsURLConnection https) {
            https.setSSLSocketFactory(tls.getSocketFactory());
        }
        try (InputStream body = connection.getInputStream()) {
            System.out.println(new String(body.readAllBytes(), StandardCharsets.UTF_8));
            return true;
        } catch (IOException error) {
            if (connection.getErrorStream() != null) {
                kept[0] = "kept: " + connection.getResponseMessage();
            }
            throw error;
        }
    }

    static boolean echo(HttpClient client, URI uri, String[] kept) throws Exception {
        var echoed = new CompletableFuture<String>();
        var listener = new WebSocket.Listener() {
            @Override
            public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
                echoed.complete(data.toString());
                return null;
            }
        };
        try {
            WebSocket socket = client.newWebSocketBuilder().buildAsync(uri, listener).join();
            socket.sendText(WORD, true).join();
            System.out.println(echoed.get(10, TimeUnit.SECONDS));
            socket.abort();
            return true;
        } catch (CompletionException error) {
            if (error.getCause() instanceof WebSocketHandshakeException refused) {
                kept[0] = "kept: " + refused.getResponse().headers().map();
            }
            throw error;
        }
    }

    static SSLContext tls() throws Exception {
        KeyStore authorities = KeyStore.getInstance(KeyStore.getDefaultType());
        authorities.load(null, null);
        try (InputStream pem = new FileInputStream(System.getenv("ONEPORT_CA"))) {
            var certificate = CertificateFactory.getInstance("X.509").generateCertificate(pem);
            authorities.setCertificateEntry("ca", certificate);
        }
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(authorities);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(identity(), trust.getTrustManagers(), null);
        return context;
    }

    static KeyManager[] identity() throws Exception {
        String file = System.getenv("ONEPORT_P12");
        if (file == null) {
            return null;
        }
        char[] password = "oneport".toCharArray();
        KeyStore own = KeyStore.getInstance("PKCS12");
        try (InputStream content = new FileInputStream(file)) {
            own.load(content, password);
        }
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(own, password);
        return keys.getKeyManagers();
    }
}
