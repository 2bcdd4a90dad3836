"""Science modules: pure functions of alerts that know no survey, no Spark and no network."""
