import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * One request by Java's HttpClient: Client http|websocket URL.
 *
 * Prints what the client's user gets to see. Exits with 0 if the request was
 * served, with 1 if not. The CA to trust is the file that ONEPORT_CA names.
 */
public class Client {
    static final String WORD = "the same word";

    public static void main(String[] arguments) throws Exception {
        HttpClient.Builder builder = HttpClient.newBuilder();
        String ca = System.getenv("ONEPORT_CA");
        if (ca != null && !ca.isEmpty()) {
            builder.sslContext(trusting(Path.of(ca)));
        }
        HttpClient client = builder.build();
        URI uri = URI.create(arguments[1]);
        boolean served;
        try {
            served = arguments[0].equals("websocket") ? echo(client, uri) : get(client, uri);
        } catch (Exception error) {
            for (Throwable cause = error; cause != null; cause = cause.getCause()) {
                System.out.println(cause);
            }
            served = false;
        }
        // The client's own threads would keep the process.
        System.exit(served ? 0 : 1);
    }

    static boolean get(HttpClient client, URI uri) throws Exception {
        var answer = client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
        System.out.println(answer.version() + " " + answer.statusCode() + " " + answer.body());
        return answer.statusCode() == 200;
    }

    static boolean echo(HttpClient client, URI uri) throws Exception {
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
                System.out.println(refused + " " + refused.getResponse().headers().map());
            }
            throw error;
        }
    }

    static SSLContext trusting(Path ca) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream pem = Files.newInputStream(ca)) {
            var certificate = CertificateFactory.getInstance("X.509").generateCertificate(pem);
            store.setCertificateEntry("ca", certificate);
        }
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }
}
