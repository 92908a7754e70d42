"""A telco on your desk: the gateway's HTTP API, its callbacks and a phone, without a SIM card.

It knows Zamu only over HTTP, as Africa's Talking would, and imports none of it. Start it with `python -m simulator`.
In reading order:

    __main__       the command: reads the options (`config`), serves the application
    app            the application: one network (`telco`), the two doors to it, and the page
      phone        the door of the phones: dial, answer, inbox, knobs, as JSON
        static/, templates/    the phone in the browser
        terminal               the phone in the terminal, `zamu dial`; a client like the browser
      messaging    the door of the gateway: what Zamu's adapter sends to
    telco          the network, which is these four over one `clock`:
      sessions     USSD: dialled, answered, timed out, dropped
      messages     SMS in both directions, and the account's balance
      callbacks    everything that is posted to Zamu, in order, again until it is taken
      knobs        what can be made to go wrong
    networks       Safaricom and the others: how long a person may think, how much they may type
    subscribers    on which network a number is, and whether it has said STOP
    gsm7, msisdn, statuses, errors    lengths, phone numbers, the gateway's status codes, and Refusal
"""
