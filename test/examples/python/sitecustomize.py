# The sample's client knows one port for AMQP over TLS, and trusts the certificates of the system: here it is told of
# another port and of the stack's certificate. The sample and the client stay as they are.
import os

if "AMQPS_PORT" in os.environ:
    import certifi
    import uamqp.constants

    certifi.where = lambda: os.environ["SSL_CERT_FILE"]
    uamqp.constants.DEFAULT_AMQPS_PORT = int(os.environ["AMQPS_PORT"])
