from hitless.attempts import *
from hitless.records import ClientClass, Outcome
import numpy as np
def failed_masks(rows):
    bad=(rows["outcome"]!=OUTCOME_CODES[Outcome.OK])
    retry=(rows["flags"]&FLAG_RETRY)!=0
    naive=bad&~retry
    okretry=np.zeros(len(rows),bool); idx=rows["retry_of"][retry&~bad]; okretry[idx]=True
    fin=(rows["flags"]&FLAG_FIN_SEEN)!=0
    reused=(rows["flags"]&FLAG_REUSED)!=0; idem=(rows["flags"]&FLAG_IDEMPOTENT)!=0; begun=(rows["flags"]&FLAG_RESPONSE_BEGUN)!=0
    np_=(rows["flags"]&FLAG_NOT_PROCESSED)!=0
    return {ClientClass.NAIVE:naive,ClientClass.POLITE:naive&~(fin&okretry),ClientClass.RETRYING:naive&~(((reused&idem&~begun)|np_)&okretry)}
